long=7 other=2
echo $((long - -other)) $((long > other ? long : 0x1f)) $(((long + 1) * other)) $(( $long + 1 ))
