#!/bin/bash
DB_PASSWORD=correcthorsebattery9
export MYSQL_PWD=hunter2supersecret
PASSWORD=changeme123
PASSWORD_ID=abcdefgh1
