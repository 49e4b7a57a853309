"""The words that Systems Manager knows in documents, from its documentation and from the source of the agent."""

from dataclasses import dataclass


def _words(text: str, prefix: str = "") -> frozenset[str]:
    return frozenset(prefix + word for word in text.split())


@dataclass(frozen=True)
class Inputs:
    """The inputs of an action: those it wants, one of which it wants, all it knows, and whether it takes others."""

    needed: frozenset[str]
    either: frozenset[str]
    known: frozenset[str]
    more: bool = False


def _inputs(needed: str, known: str = "", *, either: str = "", more: bool = False) -> Inputs:
    return Inputs(_words(needed), _words(either), _words(f"{needed} {either} {known}"), more)


# The fields of a document, by its kind.
COMMAND = _words("$schema schemaVersion description parameters mainSteps files")
COMMAND_1_2 = _words("$schema schemaVersion description parameters runtimeConfig")
AUTOMATION = COMMAND | _words(
    """
    assumeRole outputs variables templateInformation executableRunBooks emergencyChange autoApprovable
    """
)
SESSION = _words("$schema schemaVersion description sessionType inputs parameters properties")

# The fields of a parameter; the console reads displayType.
PARAMETER = _words(
    """
    type description default allowedValues allowedPattern displayType minItems maxItems minChars maxChars
    interpolationType
    """
)
# The agent drops a parameter of any other type.
COMMAND_TYPES = _words("String StringList StringMap")
AUTOMATION_TYPES = COMMAND_TYPES | _words("Boolean Integer MapList")

# The fields of a step of a Command document that the agent parses, and those that people put there by mistake, of
# which another rule tells.
COMMAND_STEP = _words(
    """
    action name inputs precondition maxAttempts onFailure onSuccess finallyStep settings timeoutSeconds description
    """
)
# The fields of a step of an Automation document.
AUTOMATION_STEP = _words(
    """
    action name inputs description maxAttempts timeoutSeconds onFailure onCancel isCritical isEnd nextStep outputs
    """
)
# Every plugin of the agent takes these since 3.0.502.0.
SHARED = _words("onFailure onSuccess finallyStep")
_SCRIPT = _inputs("runCommand", "id timeoutSeconds workingDirectory")

# The plugins that run commands.
SCRIPTS = _words("aws:runShellScript aws:runPowerShellScript")

# The plugins of the agent.
COMMAND_ACTIONS: dict[str, Inputs] = {
    "aws:applications": _inputs("action source", "id parameters sourceHash"),
    "aws:cloudWatch": _inputs("", more=True),
    "aws:configureDocker": _inputs("action", "id"),
    "aws:configurePackage": _inputs("name action", "id installationType additionalArguments version source repository"),
    "aws:domainJoin": _inputs(
        "directoryId directoryName",
        "id directoryOU dnsIpAddresses hostname keepHostName setHostName hostnameNumAppendDigits",
        more=True,
    ),
    "aws:downloadContent": _inputs("sourceType sourceInfo", "id destinationPath"),
    "aws:psModule": _inputs("", "id runCommand source sourceHash timeoutSeconds workingDirectory"),
    "aws:refreshAssociation": _inputs("", "id associationIds"),
    "aws:runDockerAction": _inputs(
        "action", "id container image cmd memory cpuShares volume env user publish workingDirectory timeoutSeconds"
    ),
    "aws:runDocument": _inputs("documentType", "id documentPath documentParameters"),
    "aws:runPowerShellScript": _SCRIPT,
    "aws:runShellScript": _SCRIPT,
    "aws:softwareInventory": _inputs("", more=True),
    "aws:updateAgent": _inputs("agentName source", "id allowDowngrade targetVersion", more=True),
    "aws:updateSsmAgent": _inputs("agentName source", "id allowDowngrade targetVersion", more=True),
}

# The values that an input takes; the agent and the service are lax about the case of some.
VALUES: dict[str, dict[str, frozenset[str]]] = {
    "aws:applications": {"action": _words("Install Repair Uninstall")},
    "aws:changeInstanceState": {"DesiredState": _words("running stopped terminated")},
    "aws:configureDocker": {"action": _words("Install Uninstall")},
    "aws:configurePackage": {"action": _words("Install Uninstall")},
    "aws:downloadContent": {"sourceType": _words("Git GitHub HTTP S3 SSMDocument")},
    "aws:invokeLambdaFunction": {
        "InvocationType": _words("DryRun Event RequestResponse"),
        "LogType": _words("None Tail"),
    },
    "aws:runDocument": {"documentType": _words("LocalPath SSMDocument")},
}
# Inputs whose value the agent compares letter by letter: agent/plugins/downloadcontent of
# https://github.com/aws/amazon-ssm-agent.
EXACT = {("aws:downloadContent", "sourceType")}
# What sourceInfo of aws:downloadContent has to say, by the sourceType.
SOURCES = {
    "Git": _words("repository"),
    "GitHub": _words("owner repository"),
    "HTTP": _words("url"),
    "S3": _words("path"),
    "SSMDocument": _words("name"),
}

_CALL = _inputs("Service Api", more=True)
_COMPARED = _inputs("Service Api PropertySelector DesiredValues", more=True)

# The actions of Automation.
AUTOMATION_ACTIONS: dict[str, Inputs] = {
    "aws:approve": _inputs("", "NotificationArn Message MinRequiredApprovals", either="Approvers EnhancedApprovals"),
    "aws:assertAwsResourceProperty": _COMPARED,
    "aws:branch": _inputs("Choices", "Default"),
    "aws:changeInstanceState": _inputs("InstanceIds DesiredState", "CheckStateOnly Force AdditionalInfo"),
    "aws:copyImage": _inputs(
        "SourceRegion SourceImageId ImageName", "ImageDescription Encrypted KmsKeyId ClientToken", more=True
    ),
    "aws:createImage": _inputs(
        "InstanceId ImageName", "ImageDescription NoReboot BlockDeviceMappings TagSpecifications", more=True
    ),
    "aws:createStack": _inputs("StackName", either="TemplateBody TemplateURL", more=True),
    "aws:createTags": _inputs("ResourceIds Tags", "ResourceType"),
    "aws:deleteImage": _inputs("ImageId"),
    "aws:deleteStack": _inputs("StackName", "ClientRequestToken RetainResources RoleARN", more=True),
    "aws:executeAutomation": _inputs(
        "DocumentName",
        """
        DocumentVersion MaxConcurrency MaxErrors RuntimeParameters Tags TargetLocations TargetMaps TargetParameterName
        Targets
        """,
        more=True,
    ),
    "aws:executeAwsApi": _CALL,
    "aws:executeScript": _inputs("Runtime", "Handler InputPayload", either="Script Attachment", more=True),
    "aws:executeStateMachine": _inputs("stateMachineArn", "name input"),
    "aws:invokeLambdaFunction": _inputs(
        "FunctionName", "Qualifier InvocationType LogType ClientContext InputPayload Payload"
    ),
    "aws:invokeWebhook": _inputs("IntegrationName", "Body"),
    "aws:loop": _inputs("Steps", "IteratorDataType MaxIterations", either="Iterators LoopCondition"),
    "aws:pause": _inputs(""),
    "aws:runCommand": _inputs(
        "DocumentName",
        """
        Parameters CloudWatchOutputConfig Comment DocumentHash DocumentHashType DocumentVersion
        NotificationConfig OutputS3BucketName OutputS3KeyPrefix OutputS3Region ServiceRoleArn TimeoutSeconds
        MaxConcurrency MaxErrors AlarmConfiguration
        """,
        either="InstanceIds Targets",
    ),
    "aws:runInstances": _inputs("ImageId", more=True),
    "aws:sleep": _inputs("", either="Duration Timestamp"),
    "aws:updateVariable": _inputs("Name Value"),
    "aws:waitForAwsResourceProperty": _COMPARED,
}

# A cancelled execution has two minutes, and cannot go on to one of these.
NOT_AFTER_CANCEL = _words("approve copyImage createImage createStack createTags pause runInstances sleep", "aws:")
# The types of what a step puts out.
OUTPUT_TYPES = AUTOMATION_TYPES
# What an action puts out by itself. CreateDocument refuses an output of such a name ("is conflicting with one of the
# following reserved output names").
OWN_OUTPUTS = {
    "aws:approve": _words("ApprovalStatus ApproverDecisions"),
    "aws:copyImage": _words("ImageId ImageState"),
    "aws:createImage": _words("ImageId ImageState"),
    "aws:createStack": _words("StackId StackStatus StackStatusReason"),
    "aws:executeAutomation": _words("ExecutionId Output Status"),
    "aws:invokeLambdaFunction": _words("FunctionError LogResult OutputPayload Payload StatusCode"),
    "aws:invokeWebhook": _words("Response ResponseCode"),
    "aws:runCommand": _words("CommandId Output ResponseCode Status"),
    "aws:runInstances": _words("InstanceIds InstanceStates"),
}
# What Automation knows by itself.
GIVEN = _words(
    """
    global:ACCOUNT_ID global:DATE global:DATE_TIME global:AWS_PARTITION global:REGION automation:EXECUTION_ID
    """
)
# How a choice of aws:branch, and the condition of aws:loop, compare.
OPERATIONS = _words(
    """
    StringEquals EqualsIgnoreCase StartsWith EndsWith Contains NumericEquals NumericGreater NumericLesser
    NumericGreaterOrEquals NumericLesserOrEquals BooleanEquals
    """
)

# The types of documents by the version of their schema that CreateDocument wants.
VERSIONS = {
    "0.3": _words("Automation Automation.ChangeTemplate"),
    "1.0": _words("Session"),
    "1.2": _words("Command"),
    "2.0": _words("Command Policy"),
    "2.2": _words("Command Policy"),
}
# The agent reads these as 2.0; packages hold documents of them.
OLD = _words("2.0.1 2.0.2 2.0.3")
# Names that begin so are for AWS.
RESERVED = ("aws", "amazon", "amzn")
SESSION_TYPES = _words("Standard_Stream InteractiveCommands NonInteractiveCommands Port")
SESSION_INPUTS = _words(
    """
    s3BucketName s3KeyPrefix s3EncryptionEnabled cloudWatchLogGroupName cloudWatchEncryptionEnabled
    cloudWatchStreamingEnabled kmsKeyId runAsEnabled runAsDefaultUser idleSessionTimeout maxSessionDuration shellProfile
    """
)
SESSION_SWITCHES = _words("s3EncryptionEnabled cloudWatchEncryptionEnabled cloudWatchStreamingEnabled runAsEnabled")
