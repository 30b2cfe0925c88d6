#!/usr/bin/env bash
# deploy.t: `mirage deploy ec2` with the real AWS command line and a cloud of the test's own, which
# checks each call.
. "$(dirname "$0")/../../tests/lib.sh"
. "$(dirname "$0")/vmm.sh"
need_tool
export NO_COLOR=1
unset MIRAGE_DEVICES
[ "$(uname -m)" = x86_64 ] || skip_all "the disks are for x86_64"
for p in grub-mkimage:grub-common aws:awscli python3:python3; do
	command -v ${p%:*} >/dev/null || skip_all "needs ${p%:*} (scripts/depend.sh vm)"
done
for p in i386-pc:grub-pc-bin x86_64-efi:grub-efi-amd64-bin; do
	[ -e /usr/lib/grub/${p%:*}/multiboot.mod ] || skip_all "needs ${p#*:} (scripts/depend.sh vm)"
done
export BOX_KERNEL=-DMULTIBOOT
box_tree qemu
echo 'loader: multiboot' >>"$share/targets/box/target.conf"
box_app web 'main-noip: web.main' 'needs: console'

# Nothing of whose computer this is.
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret AWS_EC2_METADATA_DISABLED=true HOME=$tmp \
	AWS_CONFIG_FILE=$tmp/none AWS_SHARED_CREDENTIALS_FILE=$tmp/none
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION HTTP_PROXY HTTPS_PROXY http_proxy https_proxy
calls=$tmp/calls
start cloud "$root/cli/tests/ec2/cloud.py" "$calls"
wait_for 10 test -s "$tmp/cloud.log"
port=$(head -1 "$tmp/cloud.log")
deploy() { mirage deploy ec2 -t box --endpoint-url="http://127.0.0.1:$port" --interval=0 "$@" </dev/null; }
names() { cut -d' ' -f1 "$calls" | uniq | tr '\n' ' '; }

out=$(mirage deploy 2>&1); is "where to? 2" $? 2
out=$(deploy 2>&1); is "no bucket: 2" $? 2
has "says how to make one" "$out" "aws s3 mb"
out=$(deploy --bucket=bucket 2>&1); is "no terminal to ask on: 1" $? 1
has "says what it would do, and how to have it done" "$out" "costs money.*--yes"
out=$(deploy --bucket=bucket --dry-run 2>/dev/null -- --who=me); is "--dry-run: 0" $? 0
is "is seven commands" "$(grep -c '^aws ' <<<"$out")" 7
check "none of which was called" test ! -e "$calls"

out=$(deploy --bucket=bucket --region=eu-west-1 --yes 2>"$tmp/err" -- --who=me); is "deploys" $? 0
[ -n "$out" ] || diag "$(cat "$tmp/err")"
is "says what it has made" "$out" $'image    ami-0001\nsnapshot snap-0001\ninstance i-0001'
is "in this order" "$(names)" \
	"PutObject ImportSnapshot DescribeImportSnapshotTasks DeleteObject RegisterImage RunInstances DescribeInstances "
has "the disk arrives as it is, in the region" "$(head -1 "$calls")" "^PutObject eu-west-1 /bucket/web-[0-9a-f]{16} $(sha256sum dist/web.ami | cut -c1-16)$"
has "under a name of its own" "$(grep Register "$calls")" "RegisterImage eu-west-1 web-[0-9a-f]{8}"
has "the type" "$(grep Run "$calls")" "RunInstances eu-west-1 t2.micro"
has "and how to remove it" "$(cat "$tmp/err")" "terminate-instances --region eu-west-1 .* i-0001.*deregister-image .* ami-0001.*delete-snapshot .* snap-0001"
hasnt "warns of nothing" "$(cat "$tmp/err")" "warning"
has "--console" "$(deploy --console=i-0001)" "Hello from EC2"
has "--terminate" "$(deploy --terminate=i-0001 2>&1)" "i-0001: shutting-down"
has "--instance-type, --name" "$(deploy --bucket=bucket --yes --instance-type=t3.nano --name=other 2>&1; tail -9 "$calls")" \
	"is a Nitro type: .*RegisterImage us-west-2 other-.*RunInstances us-west-2 t3.nano"

# Every step fails once.
fails() { # ACTION LEFT-OVER: what must be said to be left
	echo "$1" >"$calls.fail"
	out=$(deploy --bucket=bucket --yes 2>&1); is "$1 fails: 1" $? 1
	has "says which call, and AWS's words" "$out" "fails .*You may not $1"
	has "and what is left over" "$out" "$2"
	rm "$calls.fail"
}
fails PutObject "nothing is left over"
fails ImportSnapshot "s3api delete-object"
fails DescribeImportSnapshotTasks "s3api delete-object.*cancel-import-task .*import-snap-0001"
fails DeleteObject "s3api delete-object.*delete-snapshot .*snap-0001"
fails RegisterImage "remove it:"$'\n'"    aws ec2 delete-snapshot .*snap-0001"
fails RunInstances "deregister-image .*ami-0001.*delete-snapshot"
fails DescribeInstances "terminate-instances .*i-0001.*deregister-image"
touch "$calls.refuse"
out=$(deploy --bucket=bucket --yes 2>&1); is "an import that is refused: 1" $? 1
has "says why" "$out" "No role vmimport.*role 'vmimport'"
rm "$calls.refuse"
out=$(AWS_SECRET_ACCESS_KEY=wrong deploy --bucket=bucket --yes 2>&1); is "a wrong key: 1" $? 1
has "is AWS's to say" "$out" "SignatureDoesNotMatch"

# The old script.
out=$(cd / && MIRAGE=$mirage "$root/scripts/ec2.sh" -n old -b bucket -r eu-west-1 -k "$tmp/web/dist/web.box" -- --yes --interval=0 \
	--endpoint-url="http://127.0.0.1:$port" 2>&1 </dev/null); is "scripts/ec2.sh" $? 0
[[ $out == *ami-0001* ]] || diag "$out"
has "names it as it did, with the time" "$(grep Register "$calls" | tail -1)" "old-[0-9]{10}-"
"$root/scripts/ec2.sh" -k /no/such >/dev/null 2>&1; is "needs an image" $? 1
mkdir "$tmp/few" && for p in sh make cc gcc cat mkdir objcopy grub-mkimage; do ln -s "$(command -v $p)" "$tmp/few/$p"; done
out=$(PATH=$share/build:$tmp/few mirage deploy ec2 -t box --bucket=b --yes 2>&1); is "no aws: 1" $? 1
has "says which package" "$out" "apt-get install awscli"
done_testing
