case a in a) echo b ;; esac; echo c
