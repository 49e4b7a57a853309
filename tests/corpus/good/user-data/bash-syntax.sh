#!/bin/bash
# Shell as shell can be: a reader of commands loses its way here before bash does.
set -uo pipefail
shopt -s extglob nullglob

usage() { cat <<\TEXT
usage: first-boot
  curl http://169.254.169.254/latest/meta-data/ needs a token, and $1 is not filled in here
TEXT
}

two() {
  cat <<'ONE'; cat <<-"TWO"
systemctl restart amazon-ssm-agent
ONE
	wget http://169.254.169.254/meta-data/
	TWO
}

readonly bits=$((1 << 4)) text="a quote \" and a \$ and a # that is no comment"
array=([0]=zero [5]=five)
array+=(six)
echo "${#array[@]} ${!array[*]} ${text#a } ${text//#/} $bits $#" > /run/syntax
case $(uname -m) in
  x86_64 | amd64) arch=x86_64 ;;
  (aarch64) arch=arm64 ;;
  *) arch=$(echo 'none)' | tr -d ')') ;;
esac
message='It is
  systemctl restart amazon-ssm-agent
that people type.'
grep -q 'systemctl restart amazon-ssm-agent' <<< "$message" || usage
joined="$(printf '%s' "$(cat <<EOF
inner "quotes" and \$(not run: curl http://169.254.169.254/latest/)
EOF
)")"
if [[ $joined =~ ^(inner|outer).*$ && ! -e /run/never ]]; then :; fi
for ((i = 0; i < 3; i++)); do echo $'tab\there \x41 it\'s'; done >> /run/syntax 2>&1
while IFS=: read -r user _ uid _; do
  ((uid >= 1000)) && printf '%s ' "$user"
done < <(getent passwd) |& tee -a /run/syntax
files=(/etc/!(*.d|*.conf))
old=`echo "in \`date +%Y\`"`
echo "${files[0]:-"nothing )"}" "$old" {a,b}{1..3} >> /run/syntax
{ two; usage; } > /run/prose; (cd /tmp && touch "$arch") && echo ready # curl http://169.254.169.254/latest/meta-data/
exec 9> /run/lock && flock 9 -c 'true' 9>&-
[ -e /run/syntax ] \
  && [ -s /run/syntax ] \
  || exit 1
exit 0
This is after the end: systemctl restart amazon-ssm-agent
