/* net.h: a program that uses sockets, the same on Linux and in an image: its parts. */
#ifndef NET_H
#define NET_H

/* Each is told its arguments; its result is the exit status. */
int local(int argc, char **argv);    /* with itself; says what it sees */
int polling(int argc, char **argv);  /* PORT: an echo server over poll, until a client says "end" */
int epolling(int argc, char **argv); /* PORT: the same over epoll, edge-triggered */
int datagrams(int argc, char **argv); /* PORT: echoes datagrams */
int many(int argc, char **argv);      /* ADDRESS PORT CONNECTIONS: a client of the servers */
int ask(int argc, char **argv);    /* ADDRESS PORT TEXT: a client that connects without waiting */
int lookup(int argc, char **argv); /* NAME ...: addresses by getaddrinfo */

#endif
