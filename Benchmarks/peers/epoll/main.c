/* The floor of the machine: reads each whole request and responds with two bytes, using only epoll.
 *
 * It listens on 127.0.0.1:PORT; LOOPS is the number of processes that share the port (1). It expects well-formed
 * requests with Content-Length, as the load generators send them, and closes the connection on any other.
 *
 * With ANSWER_FILE it responds with that file's content, and with DIGEST_FILE it computes the md5 of that file's
 * content for each request: the cost of a large batch's query key and kernel copies alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n"
enum { HEAD_LIMIT = 8192, EVENTS = 256, ANSWERS_AT_ONCE = 64 };

struct text {
    char *bytes;
    size_t length;
};

struct connection {
    int fd;
    size_t head_length;
    size_t body_left;
    char head[HEAD_LIMIT + 1];
};

/* The response, ANSWERS_AT_ONCE times; and the text that is digested. */
static struct text answers, digested;

static int environment_number(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 1024)) err(1, "port %d", port);
    return fd;
}

/* Takes the bytes of one head, including its empty line. Returns how many were taken; -1 if the head is too large. */
static ssize_t take_head(struct connection *connection, const char *bytes, size_t count, int *is_whole) {
    size_t before = connection->head_length;
    size_t room = HEAD_LIMIT - before;
    size_t copied = count < room ? count : room;
    memcpy(connection->head + before, bytes, copied);
    connection->head[before + copied] = 0;
    size_t from = before < 3 ? 0 : before - 3;
    char *end = strstr(connection->head + from, "\r\n\r\n");
    *is_whole = end != NULL;
    if (!end) {
        connection->head_length += copied;
        return copied < count ? -1 : (ssize_t)copied;
    }
    end[2] = 0;
    char *field = strcasestr(connection->head, "\r\ncontent-length:");
    connection->body_left = field ? strtoul(field + strlen("\r\ncontent-length:"), NULL, 10) : 0;
    connection->head_length = 0;
    return end + 4 - connection->head - (ssize_t)before;
}

/* Counts the requests that end within the bytes; -1 if a head is too large. */
static int take(struct connection *connection, const char *bytes, size_t count) {
    int requests = 0, is_whole = 0;
    while (count > 0) {
        if (connection->body_left == 0) {
            ssize_t taken = take_head(connection, bytes, count, &is_whole);
            if (taken < 0) return -1;
            bytes += taken;
            count -= taken;
            if (!is_whole) continue;
        }
        size_t body = count < connection->body_left ? count : connection->body_left;
        connection->body_left -= body;
        bytes += body;
        count -= body;
        if (connection->body_left == 0) requests++;
    }
    return requests;
}

static struct text file_of(const char *variable) {
    struct text text = {NULL, 0};
    const char *path = getenv(variable);
    if (!path) return text;
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) err(1, "%s", path);
    text.length = ftell(file);
    rewind(file);
    text.bytes = malloc(text.length);
    if (!text.bytes || fread(text.bytes, 1, text.length, file) != text.length) err(1, "%s", path);
    fclose(file);
    return text;
}

static void prepare(void) {
    struct text body = file_of("ANSWER_FILE");
    if (!body.bytes) body = (struct text){"{}", 2};
    digested = file_of("DIGEST_FILE");
    char head[sizeof HEAD + 20];
    size_t head_length = snprintf(head, sizeof head, HEAD, body.length), length = head_length + body.length;
    answers = (struct text){malloc(ANSWERS_AT_ONCE * length), ANSWERS_AT_ONCE * length};
    if (!answers.bytes) err(1, "answers");
    for (int i = 0; i < ANSWERS_AT_ONCE; i++) {
        memcpy(answers.bytes + i * length, head, head_length);
        memcpy(answers.bytes + i * length + head_length, body.bytes, body.length);
    }
}

/* Waits while the socket is full. */
static int write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t count = write(fd, bytes, length);
        if (count < 0) {
            struct pollfd full = {.fd = fd, .events = POLLOUT};
            if (errno != EAGAIN || poll(&full, 1, -1) < 0) return -1;
            count = 0;
        }
        bytes += count;
        length -= count;
    }
    return 0;
}

static int serve(struct connection *connection) {
    static char bytes[65536];
    unsigned char digest[EVP_MAX_MD_SIZE];
    ssize_t count = read(connection->fd, bytes, sizeof bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    int requests = count <= 0 ? -1 : take(connection, bytes, count);
    if (requests < 0 || requests > ANSWERS_AT_ONCE) return -1;
    for (int i = 0; i < requests && digested.bytes; i++) {
        if (!EVP_Digest(digested.bytes, digested.length, digest, NULL, EVP_md5(), NULL)) errx(1, "md5");
    }
    return write_all(connection->fd, answers.bytes, requests * (answers.length / ANSWERS_AT_ONCE));
}

static void accept_all(int epoll, int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection) err(1, "connection");
        connection->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) err(1, "epoll_ctl");
    }
}

static void run(int port) {
    int listener = listen_on(port), epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) err(1, "epoll");
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection) {
                accept_all(epoll, listener);
            } else if (serve(connection)) {
                close(connection->fd);
                free(connection);
            }
        }
    }
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    prepare();
    for (int others = environment_number("LOOPS", 1) - 1; others > 0; others--) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            break;
        }
    }
    run(environment_number("PORT", 8000));
}
