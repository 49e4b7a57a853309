// An app of the AWS CDK in TypeScript: a launch template with ssmwake in its user data, and the Command document.
// It reads what these commands write:
//   ssmwake user-data --format script -o user-data.sh
//   ssmwake document command --format json -o command.json
import { readFileSync } from "node:fs";
import { App, Stack, aws_ec2 as ec2, aws_iam as iam, aws_ssm as ssm } from "aws-cdk-lib";

const app = new App();
const stack = new Stack(app, "Web");
const role = new iam.Role(stack, "Role", {
  assumedBy: new iam.ServicePrincipal("ec2.amazonaws.com"),
  managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName("AmazonSSMManagedInstanceCore")],
});
const userData = ec2.UserData.custom(readFileSync("user-data.sh", "utf8"));
userData.addCommands("echo ready >/etc/motd");
new ec2.LaunchTemplate(stack, "Template", { role, requireImdsv2: true, userData });
new ssm.CfnDocument(stack, "Command", {
  content: JSON.parse(readFileSync("command.json", "utf8")),
  documentType: "Command",
  updateMethod: "NewVersion",
});
app.synth();
