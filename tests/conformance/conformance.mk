# conformance.mk: the scripts that show what RFCs require of TCP: one program.

CONFORMANCE_C := $(wildcard tests/conformance/*.c tests/conformance/*/*.c)
UNITS   += $(BUILD)/tests/conformance

$(BUILD)/tests/conformance: $(CONFORMANCE_C:%.c=$(BUILD)/san/%.o) $(BUILD)/libmir-test.a
	$(call say,LD $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) $(LDFLAGS) $^ -lm -o $@
