for word; do echo "$word"; done
for word do echo $word; done
echo $# "$@" ${1-} $$x | tr -d 0-9
