word='a}b'
echo "${word#*'}'}" "${word%"}"*}" "${none:-'x'}" ${none:-'}'}
