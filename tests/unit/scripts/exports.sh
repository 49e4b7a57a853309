long=x HOME=/ export PATH
OTHER=y
export OTHER
unset IFS
sh -c 'echo $OTHER'
