long=x
cat <<'END' && echo after
    $long  # no comment
END
cat <<END | tr x y
$long ${long}\$long $(echo "$long")

  'quote
END
if :; then cat <<-END; fi
	tab
END
