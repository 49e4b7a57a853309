#!/bin/bash
cat <<-"EOF" | sudo tee /etc/cron.hourly/id > /dev/null
	curl http://169.254.169.254/latest/meta-data/instance-id
	EOF
