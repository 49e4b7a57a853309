for word in a 'b c' d* ''; do
    case $word in
    a | x) echo one ;;
    (b*) echo two ;;
    '') ;;
    *) echo three
    esac
done
