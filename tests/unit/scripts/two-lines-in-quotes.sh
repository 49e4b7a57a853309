text='a
    # b
'
printf %s "$text    c
    d"
