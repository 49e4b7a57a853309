if [ 1 = 2 ]; then
    echo a
elif [ 1 = 1 ]
then echo b
else
    echo c
fi
