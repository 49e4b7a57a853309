long='a-b' other='a b' tilde='~' glob='*'
echo "$long$other$tilde$glob"
