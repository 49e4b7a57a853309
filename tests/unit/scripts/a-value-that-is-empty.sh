long='' other=''
echo "[$long$other]" ''
