/* socket_stack.h: the network that sockets are over. */
#ifndef MIR_POSIX_SOCKET_STACK_H
#define MIR_POSIX_SOCKET_STACK_H

#include <mir/stack.h>

/* NULL: the image has none.  Set by device.c, defined in socket.c. */
extern struct mir_stack *mir_socket_stack;

#endif
