"""An app of the AWS CDK: user data of one's own that only fits with gzip, which UserData.custom cannot hold."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

import ssmwake

SETUP = "#!/bin/bash\n" + "".join(f"echo 'step {number} of the setup: {number**7:x}'\n" for number in range(100))

app = cdk.App()
stack = cdk.Stack(app, "Web")
template = ec2.LaunchTemplate(stack, "Template", require_imdsv2=True)
packed = ssmwake.user_data(include=[SETUP], gzip=True, base64=True)
resource = template.node.default_child
assert isinstance(resource, cdk.CfnResource)
resource.add_property_override("LaunchTemplateData.UserData", packed)
app.synth()
