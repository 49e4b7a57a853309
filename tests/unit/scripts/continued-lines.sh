echo one \
    two && \
    echo three
