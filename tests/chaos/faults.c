/* Faults of the machine, put before a process by LD_PRELOAD and turned on and off while it runs, by files in the
 * directory that FAULTS names:
 *   fsync    as long as it exists, fsync(2) and fdatasync(2) fail with EIO
 *   clock    its text is how many seconds the wall clock is ahead; the monotonic clock stays as it is
 *   stuck    as long as it exists, nobody comes back from epoll_wait(2): event loops stand still
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int in_force(const char *fault, char *text, size_t size)
{
    char path[512];
    const char *directory = getenv("FAULTS");
    int kept = errno, file;
    ssize_t length = 0;

    if (directory == NULL || snprintf(path, sizeof path, "%s/%s", directory, fault) >= (int)sizeof path)
        return 0;
    file = open(path, O_RDONLY | O_CLOEXEC);
    errno = kept;
    if (file < 0)
        return 0;
    if (text != NULL && (length = read(file, text, size - 1)) >= 0)
        text[length] = '\0';
    close(file);
    errno = kept;
    return 1;
}

static time_t ahead(void)
{
    char text[32] = "";

    return in_force("clock", text, sizeof text) ? (time_t)atoll(text) : 0;
}

int fsync(int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

    if (in_force("fsync", NULL, 0)) {
        errno = EIO;
        return -1;
    }
    return real(file);
}

int fdatasync(int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

    if (in_force("fsync", NULL, 0)) {
        errno = EIO;
        return -1;
    }
    return real(file);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    int answer;

    if (real == NULL)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    answer = real(clock, now);
    if (answer == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += ahead();
    return answer;
}

time_t time(time_t *where)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (where != NULL)
        *where = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict when, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    when->tv_sec = now.tv_sec;
    when->tv_usec = now.tv_nsec / 1000;
    return 0;
}

int epoll_wait(int poll, struct epoll_event *events, int most, int patience)
{
    static int (*real)(int, struct epoll_event *, int, int);
    int answer;

    if (real == NULL)
        real = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
    answer = real(poll, events, most, patience);
    while (in_force("stuck", NULL, 0))
        usleep(20000);
    return answer;
}
