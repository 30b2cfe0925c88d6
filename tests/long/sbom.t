#!/usr/bin/env bash
# sbom.t: what an image says of its licenses, held against the linker's map: what gave it a byte is listed, what did not is
# not; the bill of materials has all that SPDX 2.3 asks for.
. "$(dirname "$0")/../lib.sh"
need_tool
[ "$(uname -m)" = x86_64 ] || skip_all "ports are tested on x86_64"

mkdir "$tmp/app" && cd "$tmp/app" || exit 1
cat >some.conf <<'E2'
main-noip: some.main
needs:     console
packages:  zlib, zstd, cjson
uses:      digest, mime
kv-store:  mem
E2
cat >some.c <<'E2'
#include "mirage/app.h"

#include <mir/mime.h>
#include <zlib.h>

int some_main(const struct app *app)
{
	mir_console_printf(app->console, "%lx %s\n", crc32(0, (const unsigned char *)"abc", 3), mir_mime_type("a.html", 6));
	return 0;
}
E2
check "configures" mirage configure -t spt
check "what it needs is built" mirage depend -t spt
check "builds" mirage build -t spt
map=mirage/spt/obj/image/some.spt.map

# linked PATTERN: does the map give a byte to an object of that path, in a section of the image?
linked() {
	awk -v want="$1" '/^Linker script and memory map/ { on = 1 }
		on && /^[.\/]/ { loaded = $1 !~ /^\.(debug|comment|mirage|stab)|DISCARD/ }
		on && loaded && match($0, /0x[0-9a-f]+ +0x[0-9a-f]+ [^ ]/) {
			n = split(substr($0, RSTART), w, " ")
			if (w[2] != "0x0" && w[3] ~ want) found = 1
		}
		END { exit !found }' $map
}
licenses=$(mirage query licenses --image dist/some.spt)
said() { grep -q "^$1 " <<<"$licenses"; }
agrees() { # NAME PATTERN
	if linked "$2"; then
		check "$1 is linked, and listed" said "$1"
	else
		check "$1 is not linked, and not listed" bash -c "! grep -q '^$1 ' <<<'$licenses'"
	fi
}
agrees zlib 'libz\.a'
agrees zstd 'libzstd\.a'
agrees cjson 'libcjson\.a'
agrees musl 'libc\.a'
agrees libgcc 'libgcc\.a'
agrees runtime '/obj/run/'
agrees target-spt '/obj/targets/spt/'
for lib in digest mime kv-mem; do agrees $lib "/obj/lib/$lib/"; done
check "something is listed" said zlib
check "something is not" bash -c "! grep -q '^zstd ' <<<'$licenses'"
# No archive in the map that nobody speaks for.
for archive in $(awk '/^Linker script and memory map/ { on = 1 } on' $map | grep -oE '[a-zA-Z0-9_+-]+\.a\(' | sort -u); do
	case $archive in
	libc.a*) agrees musl 'libc\.a' ;;
	libz.a*) agrees zlib 'libz\.a' ;;
	libgcc.a*) agrees libgcc 'libgcc\.a' ;;
	*) fail "$archive is known here" ;;
	esac
done

mirage query sbom --image dist/some.spt >sbom.json
is "SPDX: what the specification asks for" "$(perl -MJSON::PP -MDigest::SHA -0777 -e '
	my $d = decode_json(<STDIN>);
	my ($file) = @ARGV;
	my (@wrong, %id);
	my $need = sub { my ($o, $what, @keys) = @_; defined $o->{$_} or push @wrong, "$what: no $_" for @keys };
	$need->($d, "document", qw(spdxVersion dataLicense SPDXID name documentNamespace creationInfo packages relationships));
	push @wrong, "version" if $d->{spdxVersion} ne "SPDX-2.3";
	push @wrong, "license" if $d->{dataLicense} ne "CC0-1.0";
	push @wrong, "id" if $d->{SPDXID} ne "SPDXRef-DOCUMENT";
	push @wrong, "namespace" if $d->{documentNamespace} !~ m{^https?://[^#\s]+$};
	push @wrong, "created" if $d->{creationInfo}{created} !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
	push @wrong, "creator: $_" for grep { !/^(Person|Organization|Tool): \S/ } @{ $d->{creationInfo}{creators} };
	push @wrong, "no creators" if !@{ $d->{creationInfo}{creators} };
	$id{ $d->{SPDXID} } = 1;
	for my $p (@{ $d->{packages} }) {
		$need->($p, $p->{name}, qw(name SPDXID downloadLocation filesAnalyzed licenseConcluded licenseDeclared copyrightText));
		push @wrong, "id $p->{SPDXID}" if $p->{SPDXID} !~ /^SPDXRef-[A-Za-z0-9.-]+$/ || $id{ $p->{SPDXID} }++;
		for my $l (@$p{qw(licenseConcluded licenseDeclared)}) {
			push @wrong, "license $l" if $l !~ /^(NOASSERTION|NONE|[A-Za-z0-9.-]+\+?( (AND|OR|WITH) [A-Za-z0-9.-]+)*)$/;
		}
		for my $c (@{ $p->{checksums} // [] }) {
			my $sum = Digest::SHA->new(256)->addfile($file)->hexdigest;
			push @wrong, "checksum" if $c->{algorithm} ne "SHA256" || $c->{checksumValue} ne $sum;
			$summed++;
		}
	}
	push @wrong, "no checksum of the image" if !$summed;
	my %contained;
	for my $r (@{ $d->{relationships} }) {
		push @wrong, "relationship of nothing" if !$id{ $r->{spdxElementId} } || !$id{ $r->{relatedSpdxElement} };
		push @wrong, $r->{relationshipType} if $r->{relationshipType} !~ /^(DESCRIBES|CONTAINS)$/;
		$described++ if $r->{relationshipType} eq "DESCRIBES" && $r->{spdxElementId} eq "SPDXRef-DOCUMENT";
		$contained{ $r->{relatedSpdxElement} } = 1;
	}
	push @wrong, "describes nothing" if !$described;
	push @wrong, "$_->{name} belongs to nothing" for grep { !$contained{ $_->{SPDXID} } } @{ $d->{packages} };
	print join "; ", @wrong' dist/some.spt <sbom.json 2>&1)" ""
names=$(perl -MJSON::PP -0777 -e 'print "$_->{name}\n" for @{ decode_json(<STDIN>)->{packages} }' <sbom.json)
has "SPDX: zlib" "$names" "zlib"
hasnt "SPDX: not zstd" "$names" "zstd"
has "SPDX: the runtime" "$names" "mirage-runtime"
done_testing
