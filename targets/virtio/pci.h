/* pci.h: the configuration space of PCI, by the ports that every PC has (PCI 3.0
 * section 3.2.2.3.2). A function is named by bus << 8 | device << 3 | function.
 */
#ifndef MIR_VIRTIO_PCI_H
#define MIR_VIRTIO_PCI_H

#include <mir/cc.h>

enum {
	MIR_PCI_COMMAND = 0x04,
	MIR_PCI_BAR = 0x10,
	MIR_PCI_LINE = 0x3c,

	MIR_PCI_IO = 1, /* bits of the command */
	MIR_PCI_MEMORY = 2,
	MIR_PCI_MASTER = 4,
	MIR_PCI_NO_LINE = 0x400,

	MIR_PCI_VENDOR_SPECIFIC = 0x09, /* capabilities */
	MIR_PCI_MSIX = 0x11,
};

/* Whether there is such a bus; opens its ports. */
bool mir_pci_begin(void);

uint8_t mir_pci_read8(uint16_t where, unsigned at);
uint16_t mir_pci_read16(uint16_t where, unsigned at);
uint32_t mir_pci_read32(uint16_t where, unsigned at);
void mir_pci_write16(uint16_t where, unsigned at, uint16_t);

/* Calls `found` for each function on all buses that the firmware has numbered. */
void mir_pci_walk(void (*found)(void *arg, uint16_t where), void *arg);

/* The capability of that number behind `after` (0: the first); 0: there is none.  Bounded, however
 * the list is linked. */
unsigned mir_pci_capability(uint16_t where, uint8_t number, unsigned after);

/* len bytes from `offset` on of that base address register's memory, mapped; NULL: it is none, has
 * no address, or cannot be mapped. */
volatile uint8_t *mir_pci_map(uint16_t where, unsigned bar, uint32_t offset, uint32_t len);

/* Makes the message of vector 0 of the MSI-X table wake the image; `at`: where the capability is.
 * 0, or an error. */
int mir_pci_msix(uint16_t where, unsigned at);
/* The function's line wakes the image. 0, or an error. */
int mir_pci_line(uint16_t where);

#endif
