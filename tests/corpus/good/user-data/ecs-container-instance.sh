#!/bin/bash
echo ECS_CLUSTER=orders-production >> /etc/ecs/ecs.config
echo 'ECS_AVAILABLE_LOGGING_DRIVERS=["json-file","awslogs"]' >> /etc/ecs/ecs.config
cat <<'CONFIG' >> /etc/ecs/ecs.config
ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
ECS_CONTAINER_INSTANCE_PROPAGATE_TAGS_FROM=ec2_instance
ECS_AWSVPC_BLOCK_IMDS=true
CONFIG
