/* frame.c: from packets to frames and back, as a network card does it. */
#include <mir/frame.h>
#include <mir/mem.h>
#include <mir/panic.h>
#include <stdlib.h>

/* START: network headers at a multiple of 4, and LINEAR bytes fit */
enum { LINEAR = 192, START = 126 };

struct mir_frame *mir_frame_new(size_t len)
{
	struct mir_frame *f = malloc(sizeof(*f) + len);

	if (f)
		*f = (struct mir_frame){ .len = len };
	return f;
}

/* The packet's bytes as a frame. */
static struct mir_frame *flatten(const struct mir_packet *p)
{
	struct mir_frame *f = mir_frame_new(p->total);

	if (!f)
		return NULL;
	mir_packet_copy(p, 0, f->bytes, p->total);
	if (p->csum == MIR_CSUM_PARTIAL) {
		f->partial = true;
		f->csum_start = (uint16_t)(p->csum_start - mir_packet_headroom(p));
		f->csum_offset = p->csum_offset;
		mir_check(f->csum_start + f->csum_offset + 2u <= f->len);
	}
	if (p->gso == MIR_GSO_TCP4)
		f->gso_size = p->gso_size;
	return f;
}

static void check_offered(const struct mir_net *net, const struct mir_packet *p)
{
	if (p->csum == MIR_CSUM_PARTIAL && !(net->offloads & (MIR_NET_TX_CSUM | MIR_NET_TX_TSO4)))
		mir_panic("%s: MIR_CSUM_PARTIAL sent without MIR_NET_TX_CSUM", net->name);
	if (p->gso != MIR_GSO_NONE && !(net->offloads & MIR_NET_TX_TSO4))
		mir_panic("%s: a GSO packet sent without MIR_NET_TX_TSO4", net->name);
	if (p->nslices > net->max_slices)
		mir_panic(
		    "%s: %u slices sent, max_slices is %u", net->name, p->nslices, net->max_slices);
}

static void free_list(struct mir_frame *f)
{
	struct mir_frame *next;

	for (; f; f = next) {
		next = f->next;
		free(f);
	}
}

struct mir_frame *mir_frame_from_packet(const struct mir_net *net, const struct mir_packet *p)
{
	struct mir_frame *f;

	check_offered(net, p);
	if (p->total < MIR_FRAME_ETHER || p->total > MIR_FRAME_MAX ||
	    (p->gso == MIR_GSO_NONE && p->total > net->mtu + (uint32_t)MIR_FRAME_ETHER))
		return NULL;
	f = flatten(p);
	if (f && p->gso != MIR_GSO_NONE)
		f = mir_frame_cut(f);
	if (f && f->len > net->mtu + (size_t)MIR_FRAME_ETHER) {
		free_list(f); /* cut to larger pieces than the wire takes */
		return NULL;
	}
	for (struct mir_frame *each = f; each; each = each->next)
		mir_frame_complete(each);
	return f;
}

struct mir_packet *mir_frame_to_packet(const struct mir_net *net, struct mir_frame *f)
{
	struct mir_packet *p = mir_packet_new();
	size_t linear = MIR_MIN(f->len, (size_t)LINEAR), rest = f->len - linear;

	if (!p)
		return NULL;
	p->data = p->head + START;
	memcpy(mir_packet_put(p, linear), f->bytes, linear);
	while (rest > 0) {
		size_t part =
		    MIR_MIN(rest, (size_t)(rest > MIR_MEM_SMALL ? MIR_MEM_BIG : MIR_MEM_SMALL));
		uint8_t *buf;
		struct mir_mem *m = mir_mem_pooled(part, &buf);

		if (!m) {
			mir_packet_unref(p);
			return NULL;
		}
		memcpy(buf, f->bytes + f->len - rest, part);
		mir_packet_append(p, &(struct mir_slice){ buf, part, m });
		rest -= part;
	}
	if (f->gso_size > 0) {
		p->gso = MIR_GSO_TCP4;
		p->gso_size = f->gso_size;
	}
	if ((net->offloads & MIR_NET_RX_CSUM) && (f->partial || mir_frame_verify(f)))
		p->csum = MIR_CSUM_VALID;
	return p;
}

/* Takes the first frame of the list, with those merged into it that can be. */
static struct mir_frame *take_first(const struct mir_net *net, struct mir_frame **list)
{
	struct mir_frame *f = *list, *after, *both;

	if (!f)
		return NULL;
	*list = f->next;
	while ((net->offloads & MIR_NET_RX_GRO4) && *list) {
		after = (*list)->next;
		both = mir_frame_merge(f, *list);
		if (!both)
			break;
		f = both;
		*list = after;
	}
	return f;
}

int mir_frames_send(struct mir_net *net, struct mir_packet *const packets[], unsigned n,
    mir_frame_emit *emit, void *arg)
{
	int sent = 0;

	for (unsigned i = 0; i < n; i++) {
		struct mir_frame *f = mir_frame_from_packet(net, packets[i]), *next;

		if (f) {
			sent++;
			net->stats.tx_packets++;
			net->stats.tx_bytes += packets[i]->total;
		} else {
			net->stats.tx_dropped++;
		}
		for (; f; f = next) {
			next = f->next;
			emit(arg, f);
			free(f);
		}
		mir_packet_unref(packets[i]);
	}
	return sent;
}

unsigned mir_frames_deliver(
    struct mir_net *net, struct mir_frame *list, mir_net_input *input, void *arg)
{
	struct mir_packet *burst[MIR_NET_BURST];
	struct mir_frame *f;
	unsigned n = 0, all = 0;

	while ((f = take_first(net, &list)) != NULL) {
		struct mir_packet *p = input ? mir_frame_to_packet(net, f) : NULL;

		if (p) {
			burst[n++] = p;
			net->stats.rx_packets++;
			net->stats.rx_bytes += f->len;
		} else {
			net->stats.rx_dropped++;
		}
		free(f);
		if (n > 0 && (n == MIR_NET_BURST || !list)) {
			input(arg, burst, n);
			all += n;
			n = 0;
		}
	}
	return all;
}
