"""Old mail in mbox files, Maildirs, EML files and folders of an IMAP account. It is only read."""
