/* pcap.c: frames into a file for tcpdump and its like (pcap with nanoseconds,
 * draft-ietf-opsawg-pcap). */
#include <mir/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ETHERNET = 1, SNAPLEN = 1 << 18 };

static const uint32_t MAGIC = 0xa1b23c4d; /* in the byte order of the machine that writes */

static FILE *open_file(void)
{
	const char *path = getenv("PCAP");
	uint32_t header[6] = { MAGIC, 0, 0, 0, SNAPLEN, ETHERNET };
	uint16_t version[2] = { 2, 4 };
	FILE *f = path ? fopen(path, "w") : NULL;

	memcpy(&header[1], version, sizeof(version));
	if (f && fwrite(header, sizeof(header), 1, f) != 1) {
		fclose(f);
		return NULL;
	}
	return f;
}

void mir_test_pcap(void *arg, int64_t time, const uint8_t *frame, size_t len)
{
	static FILE *file;
	static bool tried;
	uint32_t record[4] = { (uint32_t)(time / 1000000000), (uint32_t)(time % 1000000000),
		(uint32_t)len, (uint32_t)len };

	(void)arg;
	if (!tried)
		file = open_file();
	tried = true;
	if (!file)
		return;
	fwrite(record, sizeof(record), 1, file);
	fwrite(frame, len, 1, file);
	fflush(file);
}
