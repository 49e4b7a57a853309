name='a  b' other="c  $name 'd' \"e\" \$name"
echo "$name" $other '$name' \'
