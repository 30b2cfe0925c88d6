#!/bin/sh
# ec2.sh: `mirage deploy ec2`, with the options of the script of that name that came with MirageOS.
#   -n NAME     of the image (mirage)
#   -b BUCKET   of S3, for the upload (mirage-deployment)
#   -r REGION   (us-west-2)
#   -k IMAGE    the sealed image; its folder's description says the rest
# What comes after -- goes to mirage as it is: -- --yes --instance-type=t2.nano
set -eu

name=mirage bucket=mirage-deployment region=us-west-2 image=
while getopts hn:b:r:k: option; do
	case $option in
	n) name=$OPTARG ;;
	b) bucket=$OPTARG ;;
	r) region=$OPTARG ;;
	k) image=$OPTARG ;;
	*)
		sed -n '2,7s/^# \{0,1\}//p' "$0"
		exit 1
		;;
	esac
done
shift $((OPTIND - 1))
if [ -z "$image" ] || [ ! -f "$image" ]; then
	echo "ec2.sh: -k IMAGE: '${image}' is not there" >&2
	exit 1
fi
# dist/NAME.virtio: the folder above is the application's.
cd "$(dirname "$image")/.."
exec "${MIRAGE:-mirage}" deploy ec2 --target="${image##*.}" --name="$name-$(date +%s)" --bucket="$bucket" --region="$region" "$@"
