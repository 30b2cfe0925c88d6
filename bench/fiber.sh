#!/bin/bash
# fiber.sh [--json FILE]: fibers beside what the C library and the kernel have for the same.

here=$(cd "$(dirname "$0")/.." && pwd)
json=
[ "${1-}" != --json ] || json=$2
printf '%-34s %-12s %12s %12s %14s  %s\n' fibers unit peer image image/peer peer
"$here/build/bench/fiber" | awk -v json="$json" '{
	ratio = $4 > 0 ? $3 / $4 : 0
	printf "%-34s %-12s %12s %12s %14.4f  %s\n", $1, $2, $4, $3, ratio, $5
	if (json)
		printf "{\"image\":\"fiber\",\"mode\":\"unix\",\"row\":\"%s\",\"unit\":\"%s\",\"value\":%s,\"%s\":%s,\"ratio_%s\":%.6f}\n",
			$1, $2, $3, $5, $4, $5, ratio >>json
}'
exit "${PIPESTATUS[0]}"
