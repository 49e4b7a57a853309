say() { echo say; }
say say
for say in say; do echo say $say; done
case say in say) say ;; esac
