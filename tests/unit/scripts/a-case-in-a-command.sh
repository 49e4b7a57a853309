word=$(case x in x) echo y ;; esac)
echo "$word"
