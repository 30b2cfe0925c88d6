/* socket_address.c: socket addresses of IPv4. */
#include <errno.h>
#include <string.h>

#include "socket.h"

int mir_socket_endpoint(const struct sockaddr *address, socklen_t len, struct mir_endpoint *out)
{
	struct sockaddr_in in;

	if (!address || len < sizeof(address->sa_family))
		return -EINVAL;
	if (address->sa_family != AF_INET)
		return -EAFNOSUPPORT;
	if (len < sizeof(in))
		return -EINVAL;
	memcpy(&in, address, sizeof(in));
	*out = (struct mir_endpoint){ MIR_IPADDR_ANY, ntohs(in.sin_port) };
	if (in.sin_addr.s_addr != htonl(INADDR_ANY))
		out->addr = mir_ip4(ntohl(in.sin_addr.s_addr));
	return 0;
}

void mir_socket_address(const struct mir_endpoint *e, struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(e->port) };

	if (mir_ipaddr_is4(&e->addr))
		in.sin_addr.s_addr = htonl(mir_ip4_of(&e->addr));
	memcpy(out, &in, sizeof(in));
	*len = sizeof(in);
}
