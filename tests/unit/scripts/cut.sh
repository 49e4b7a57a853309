word=a/b/c
echo "${word#*/}" "${word##*"/"}" ${word%%/*} "${#word}" "${word%"/c"}" ${word:+x} "${none-y}"
