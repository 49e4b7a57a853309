: "${other:=x}"
echo "$other"
