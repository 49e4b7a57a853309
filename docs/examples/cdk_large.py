"""An app of the AWS CDK: user data of one's own that only fits with gzip, which UserData.custom cannot hold."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

import ssmwake

app = cdk.App()
stack = cdk.Stack(app, "Web")
packed = ssmwake.user_data(include=[Path("setup.sh")], gzip=True, base64=True)
template = ec2.LaunchTemplate(stack, "Packed", require_imdsv2=True)
template.node.default_child.add_property_override("LaunchTemplateData.UserData", packed)
app.synth()
