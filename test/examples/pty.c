// Runs a command in a terminal of its own: pty ROWSxCOLUMNS command arguments...
//
// Input are the keys that are pressed, output is what the terminal is sent. SIGUSR1 gives the
// terminal the size in $PTY_RESIZE, SIGTERM goes on to the command. The last line on stderr says
// whether the command left the terminal's settings as they were: "restored" or "changed". Exits as
// the command does.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t resize_wanted;
static volatile pid_t child;

static void WantResize(int signal) { resize_wanted = signal; }
static void PassOn(int signal) { kill(child, signal); }

static void Die(const char* what) {
  perror(what);
  exit(127);
}

static struct winsize ParseSize(const char* text) {
  struct winsize size = {0};
  if (text == NULL || sscanf(text, "%hux%hu", &size.ws_row, &size.ws_col) != 2) Die("size");
  return size;
}

static void Run(const char* terminal, char** command) {
  setsid();
  int fd = open(terminal, O_RDWR);
  if (fd < 0) Die(terminal);
  ioctl(fd, TIOCSCTTY, 0);
  for (int to = 0; to < 3; to++) dup2(fd, to);
  execvp(command[0], command);
  Die(command[0]);
}

// Passes on what there is; 0 when the source has ended.
static int Copy(int from, int to) {
  char bytes[65536];
  ssize_t count = read(from, bytes, sizeof(bytes));
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  for (ssize_t done = 0; done < count;) {
    ssize_t written = write(to, bytes + done, (size_t)(count - done));
    if (written < 0) Die("write");
    done += written;
  }
  return count > 0;
}

int main(int count, char** arguments) {
  if (count < 3) return 127;
  struct winsize size = ParseSize(arguments[1]);
  int control = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (control < 0 || grantpt(control) != 0 || unlockpt(control) != 0) Die("posix_openpt");
  const char* terminal = ptsname(control);
  int kept_open = open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (kept_open < 0 || ioctl(control, TIOCSWINSZ, &size) != 0) Die(terminal);
  struct termios before, after;
  memset(&before, 0, sizeof(before));
  memset(&after, 0, sizeof(after));
  tcgetattr(kept_open, &before);

  child = fork();
  if (child == 0) Run(terminal, arguments + 2);
  signal(SIGUSR1, WantResize);
  signal(SIGTERM, PassOn);

  int status = 0, ended = 0;
  struct pollfd sources[] = {{control, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  for (;;) {
    if (resize_wanted) {
      resize_wanted = 0;
      size = ParseSize(getenv("PTY_RESIZE"));
      ioctl(control, TIOCSWINSZ, &size);
    }
    if (!ended) ended = waitpid(child, &status, WNOHANG) == child;
    int ready = poll(sources, 2, 20);
    if (ready > 0 && (sources[0].revents & POLLIN)) {
      Copy(control, STDOUT_FILENO);
    } else if (ended) {
      break;
    }
    if (ready > 0 && (sources[1].revents & (POLLIN | POLLHUP)) && !Copy(STDIN_FILENO, control)) {
      sources[1].fd = -1;
    }
  }
  tcgetattr(kept_open, &after);
  fputs(memcmp(&before, &after, sizeof(before)) == 0 ? "restored\n" : "changed\n", stderr);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
