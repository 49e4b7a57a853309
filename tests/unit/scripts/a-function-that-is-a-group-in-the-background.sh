say() (
    echo x
)
say &
wait $!
