/* udpecho.c: sends datagrams back as they came, without a copy (RFC 862). */
#include "mirage/app.h"

#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/packet.h>

MIR_LOG_SOURCE(udpecho);

static struct mir_udp_port *port;

static void input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	struct mir_slice s[MIR_PACKET_SLICES + 1];
	unsigned n = 1;

	(void)arg;
	s[0] = (struct mir_slice){ p->data, p->len, &p->mem };
	for (unsigned i = 0; i < p->nslices; i++)
		s[n++] = mir_slice_sub(&p->slice[i], 0, p->slice[i].len);
	mir_udp_send(port, &dst->addr, src, s, n); /* or it is lost, as datagrams are */
}

int udpecho_main(const struct app *app)
{
	static const struct mir_udp_handler handler = { .input = input };
	struct mir_endpoint local = { .port = app->keys.port };
	struct mir_waitq forever = { 0 };
	int rc = mir_udp_bind(app->stack->udp, &local, &handler, NULL, &port);

	if (rc < 0) {
		mir_error("port %u: %s", app->keys.port, mir_strerror(rc));
		return 1;
	}
	while (mir_wait(&forever) == 0)
		continue;
	return 0;
}
