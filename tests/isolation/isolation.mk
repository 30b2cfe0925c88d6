# isolation.mk: images without runtime for tests/isolation/tender.t, and the look at /dev/kvm.

RAW     := tests/isolation/raw
RAW_OUT := $(BUILD)/tests/isolation
RAW_CFLAGS := -std=gnu11 $(WARN) -O2 -g -ffreestanding -nostdinc \
	-isystem $(shell $(CC) -print-file-name=include) -Iabi -static -no-pie -fno-pic \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns
RAW_CFLAGS_x86_64 := -mno-red-zone -mgeneral-regs-only -fcf-protection=none
RAW_LDFLAGS := -nostdlib -Wl,-T,$(RAW)/raw.ld,-z,max-page-size=0x1000,--build-id=none,-z,noexecstack
RAW_NAMES   := $(patsubst $(RAW)/%.c,%,$(filter-out $(RAW)/raw.c,$(wildcard $(RAW)/*.c)))
# NAME.spt, NAME.hvt, and NAME-plain.hvt: without the note of extensions, as Solo5's own are.
RAW_IMAGES := $(foreach n,$(RAW_NAMES),$(RAW_OUT)/$n.spt $(RAW_OUT)/$n.hvt $(RAW_OUT)/$n-plain.hvt)

.PHONY: isolation-images
isolation-images: $(RAW_IMAGES) $(RAW_OUT)/kvm

define raw_rule
$(RAW_OUT)/%$1: $(RAW)/%.c $(RAW)/raw.c $(RAW)/raw.h $(RAW)/raw.ld $(wildcard abi/mir/*.h)
	$$(call say,LD $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(RAW_CFLAGS) $$(RAW_CFLAGS_$(shell uname -m)) $2 $$(RAW_LDFLAGS) \
		$(RAW)/raw.c $$< -o $$@
endef
$(eval $(call raw_rule,-plain.hvt,-DRAW_HVT -DRAW_PLAIN))
$(eval $(call raw_rule,.hvt,-DRAW_HVT))
$(eval $(call raw_rule,.spt,-DRAW_SPT))

$(RAW_OUT)/kvm: tests/vm/kvm.c
	$(call say,CC $@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 $< -o $@
