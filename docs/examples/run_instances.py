"""Start an instance that brings itself online: boto3 encodes UserData by itself."""

import boto3

import ssmwake

boto3.client("ec2").run_instances(
    ImageId="resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    InstanceType="t3.micro",
    MinCount=1,
    MaxCount=1,
    MetadataOptions={"HttpTokens": "required"},
    UserData=ssmwake.user_data(on_ready=["aws sts get-caller-identity"]),
)
