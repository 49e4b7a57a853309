#!/bin/sh
git clone https://ada:Qx7-lp2VbN9@git.example.org/shop.git /srv/shop
curl -fsS -H 'Authorization: token ghp_Zx81kLmQ92vTbR4nYwC6dFs0GhJ3pA7eUoXi' https://api.github.com/user
