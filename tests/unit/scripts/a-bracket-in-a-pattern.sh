case 'b)' in *[!a-z\ ]*) echo yes ;; *) echo no ;; esac
