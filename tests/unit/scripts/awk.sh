word='x y z'
echo "$word" | awk '{ word = $2; print word " " $1 } # end'
