/* arp_own.c: our own addresses: probes, announcements, conflicts (RFC 5227). */
#include "arp_internal.h"

static void announce(struct mir_arp_engine *e, uint32_t addr)
{
	e->stats.announcements++;
	mir_arp_message(e, NULL, ARP_REQUEST, addr, addr, NULL);
}

static void send_probe(struct mir_arp_engine *e, uint32_t addr)
{
	e->stats.probes++;
	mir_arp_message(e, NULL, ARP_REQUEST, 0, addr, NULL);
}

static struct mir_arp_own *own_of(struct mir_arp_engine *e, uint32_t addr)
{
	for (unsigned i = 0; i < MIR_ARP_OWN; i++)
		if (e->own[i].addr == addr)
			return &e->own[i];
	return NULL;
}

bool mir_arp_own(const struct mir_arp_engine *e, uint32_t addr)
{
	for (unsigned i = 0; i < MIR_ARP_OWN; i++)
		if (e->own[i].addr == addr)
			return true;
	return false;
}

bool mir_arp_claim(struct mir_arp_engine *e, const struct arp_message *m, int64_t now)
{
	struct mir_arp_own *own = m->sender ? own_of(e, m->sender) : NULL;

	for (unsigned i = 0; i < MIR_ARP_PROBES; i++) {
		struct mir_arp_probe *p = &e->probe[i];
		bool probes_too = m->sender == 0 && m->op == ARP_REQUEST && m->target == p->addr;

		if (p->addr && (m->sender == p->addr || probes_too)) {
			p->taken = true;
			e->effects->settled(e->arg);
		}
	}
	if (!own)
		return false;
	e->stats.conflicts++;
	if (own->defended == 0 || now - own->defended >= MIR_ARP_DEFEND_NS) {
		own->defended = now;
		e->stats.defences++;
		announce(e, own->addr);
	}
	e->effects->conflict(e->arg, own->addr, &m->sender_mac);
	return true;
}

int mir_arp_engine_add(struct mir_arp_engine *e, uint32_t addr, int64_t now)
{
	struct mir_arp_own *own = own_of(e, addr);

	if (own)
		return 0;
	own = own_of(e, 0);
	if (!own)
		return MIR_ELIMIT;
	*own = (struct mir_arp_own){
		.addr = addr,
		.announcements = 1,
		.deadline = now + MIR_ARP_ANNOUNCE_NS,
	};
	mir_arp_at(e, own->deadline);
	announce(e, addr);
	return 0;
}

void mir_arp_engine_remove(struct mir_arp_engine *e, uint32_t addr)
{
	struct mir_arp_own *own = addr ? own_of(e, addr) : NULL;

	if (own)
		*own = (struct mir_arp_own){ 0 };
}

int mir_arp_engine_probe(struct mir_arp_engine *e, uint32_t addr, int64_t wait_ns, int64_t now)
{
	for (int i = 0; i < MIR_ARP_PROBES; i++) {
		struct mir_arp_probe *p = &e->probe[i];

		if (p->addr)
			continue;
		*p = (struct mir_arp_probe){
			.addr = addr,
			.second_at = mir_time_add(now, wait_ns / 2),
			.deadline = mir_time_add(now, wait_ns),
		};
		mir_arp_at(e, p->second_at);
		send_probe(e, addr);
		return i;
	}
	return MIR_ELIMIT;
}

int mir_arp_engine_probed(struct mir_arp_engine *e, int place, int64_t now)
{
	struct mir_arp_probe *p = &e->probe[place];
	int rc = p->taken ? MIR_EADDRINUSE : now >= p->deadline;

	if (rc != 0)
		p->addr = 0;
	return rc;
}

void mir_arp_engine_probe_end(struct mir_arp_engine *e, int place)
{
	e->probe[place].addr = 0;
}

static void own_timeout(struct mir_arp_engine *e, struct mir_arp_own *own, int64_t now)
{
	if (now >= own->deadline) {
		announce(e, own->addr);
		own->announcements--;
		own->deadline = now + MIR_ARP_ANNOUNCE_NS;
	}
	if (own->announcements)
		mir_arp_at(e, own->deadline);
}

static void probe_timeout(struct mir_arp_engine *e, struct mir_arp_probe *p, int64_t now)
{
	if (!p->second_sent && now >= p->second_at) {
		p->second_sent = true;
		send_probe(e, p->addr);
	}
	if (now >= p->deadline)
		e->effects->settled(e->arg);
	else
		mir_arp_at(e, p->second_sent ? p->deadline : p->second_at);
}

void mir_arp_own_timeout(struct mir_arp_engine *e, int64_t now)
{
	for (unsigned i = 0; i < MIR_ARP_OWN; i++)
		if (e->own[i].addr && e->own[i].announcements)
			own_timeout(e, &e->own[i], now);
	for (unsigned i = 0; i < MIR_ARP_PROBES; i++)
		if (e->probe[i].addr)
			probe_timeout(e, &e->probe[i], now);
}
