# One request to IMDS, by curl, python3 or bash: whichever the image has. One process for all paths of a request.
#
# The session token travels on standard input, never in argv. Proxies and .curlrc are for the world outside, not for a
# link-local address. Bodies are cut at 8 KiB: real ones have 2, and cutting strings in sh takes time that grows with
# the square of their length.

find_client() {
	# yash keeps the variable of a loop to the function, so none is used after its loop.
	for word in curl python3 bash; do
		client=$word
		command -v "$word" && return
	done >/dev/null 2>&1
	client=''
	finish no-http-client 'install curl, python3 or bash'
}

# $1 a header, $2 the method, then one path or two. Leaves the body of the first reply in $info, that of the last in
# $body, its status in $http, and in $reason why it is not a good answer.
request() {
	value=$1 verb=$2 limit=$((deadline - now < 2 ? 1 : 2))
	shift 2
	pieces=$(($# * 2))
	case $client in
	# -q must come first, or .curlrc is read. --limit-rate keeps a reply small until -m ends it.
	curl)
		value="header = \"$value\""
		set -- curl -qsgK - --noproxy '*' -m $limit --limit-rate 8k -w '~%{http_code}~' -X "$verb" \
			"$endpoint/latest/$1" ${2:+"$endpoint/latest/$2"}
		;;
	bash) set -- timeout 3 bash -c "$bash_client" "${endpoint#*//}" "$@" ;;
	*) set -- python3 -ISc "$python_client" "${endpoint#*//}" "$@" ;;
	esac
	[ "$client" = curl ] || value="$limit $verb $value"
	# bash has a word to say about each zero byte. The status is that of the client, which knows whether it got all.
	{ reply=$(echo "$value" | "$@"); } 2>/dev/null
	value=$? info='' reason=''
	# Split at the marks: linear, where `${reply%%~*}` is quadratic in bash and mksh.
	set -f
	IFS='~'
	# shellcheck disable=SC2086 # this is the splitting
	set -- $reply
	unset IFS
	set +f
	# No good answer holds a `~`.
	[ $# -le $pieces ] || set -- '~' 200
	[ $# -lt 3 ] || { info=$1 && shift 2; }
	body=${1-} http=${2:-${reply:+none}}
	case $http:$value in
	200:0) ;;
	429:* | 5??:*) reason='imds-busy' ;;
	403:*) reason='imds-forbidden' ;;
	[13-4]??:*) reason=imds-http-$http ;;
	:* | 000:*) reason='imds-unreachable' http=0 ;;
	*) reason='partial-body' http=200 ;;
	esac
	[ ${#body} -le 8192 ] || reason='oversize-body'
}
