"""Old mail where it lies: mbox files, Maildirs, folders of EML files, folders of an IMAP account. Only read"""
