# The bindings of the native library: what module/Private emits and Pester compares with cbindings/coexist.h. The build turns this file into literals.
@{
    # coexist_abi_version() must answer this.
    AbiVersion = 1

    # The statuses that the module acts on; every other one is an error and comes with an error object.
    Status     = @{ Ok = 0; Pending = 1; Done = 2; Event = 3 }

    # bin/<rid>/<file> for each platform that is built.
    Platforms  = @{
        'win-x64'     = 'coexist.dll'
        'win-arm64'   = 'coexist.dll'
        'linux-x64'   = 'coexist.so'
        'linux-arm64' = 'coexist.so'
        'osx-x64'     = 'coexist.dylib'
        'osx-arm64'   = 'coexist.dylib'
    }

    # Name, result and parameters in the order of the header: `Byte[]` is bytes in, `UIntPtr` a size_t, `IntPtr` a handle or a pointer;
    # `UInt64` a number; with `&`, one that the callee sets.
    Exports    = @(
        @{ Name = 'coexist_abi_version'; Returns = 'UInt32'; Parameters = @() }
        @{ Name = 'coexist_version'; Returns = 'IntPtr'; Parameters = @() }
        @{ Name = 'coexist_bytes_free'; Returns = 'Void'; Parameters = @('IntPtr', 'UIntPtr') }
        @{ Name = 'coexist_engine_new'; Returns = 'Int32'; Parameters = @('IntPtr&', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_engine_free'; Returns = 'Void'; Parameters = @('IntPtr') }
        @{ Name = 'coexist_call'; Returns = 'Int32'; Parameters = @('IntPtr', 'Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_job_start'; Returns = 'Int32'; Parameters = @('IntPtr', 'Byte[]', 'UIntPtr', 'IntPtr&', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_job_wait'; Returns = 'Int32'; Parameters = @('IntPtr', 'UInt32', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_job_answer'; Returns = 'Int32'; Parameters = @('IntPtr', 'Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_job_cancel'; Returns = 'Void'; Parameters = @('IntPtr') }
        @{ Name = 'coexist_job_free'; Returns = 'Void'; Parameters = @('IntPtr') }
        @{ Name = 'coexist_secret_new'; Returns = 'Int32'; Parameters = @('IntPtr', 'Byte[]', 'UIntPtr', 'UInt64&', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_secret_free'; Returns = 'Int32'; Parameters = @('IntPtr', 'UInt64', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_immutable_id_to'; Returns = 'Int32'; Parameters = @('Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_immutable_id_from'; Returns = 'Int32'; Parameters = @('Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_x500_to'; Returns = 'Int32'; Parameters = @('Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_imceaex_to'; Returns = 'Int32'; Parameters = @('Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
    )

    # Exports that the module has no use for yet.
    NotBound   = @()

    # What the derivations put out: one emitted class each. Inputs is the number of fields in; the properties are the fields out, in order;
    # the field after the last property is Notes, which is shown and not kept.
    Classes    = @(
        @{
            Name       = 'Coexist.ImmutableId'
            Export     = 'coexist_immutable_id_to'
            Inputs     = 4
            Properties = @('ImmutableId', 'Guid', 'Anchor', 'AnchorsDiffer', 'Hex', 'LdapFilter', 'ConnectorDn')
        }
        @{
            Name       = 'Coexist.ObjectGuid'
            Export     = 'coexist_immutable_id_from'
            Inputs     = 1
            Properties = @('Guid', 'ImmutableId', 'Form', 'Hex', 'LdapFilter', 'ConnectorDn')
        }
        @{
            Name       = 'Coexist.X500Address'
            Export     = 'coexist_x500_to'
            Inputs     = 2
            Properties = @('X500', 'LegacyExchangeDN', 'Imceaex', 'Domain')
        }
        @{
            Name       = 'Coexist.ImceaexAddress'
            Export     = 'coexist_imceaex_to'
            Inputs     = 2
            Properties = @('Imceaex', 'X500', 'LegacyExchangeDN')
        }
    )

    # The code of the emitted classes, in the order in which they are emitted: name, attributes (Static, or Instance), result, parameters, locals, body. A
    # body has one instruction a line; a word and a colon is a label. The build resolves the labels; every other operand is a method above it in this list,
    # a local, or a name in New-NativeType. Coexist.Native has Take only; an output class all of it, one method get_ for each property, and Derive.
    Methods    = @(
        # The text of an answer, which is freed.
        @{
            Name = 'Take'; Attributes = 'Static'; Returns = 'String'; Parameters = @('IntPtr', 'UIntPtr'); Locals = @(); Body = @'
                Ldarg_0
                Brtrue some
                Ldstr nothing
                Ret
                some:
                Call utf8
                Ldarg_0
                Ldarg_1
                Conv_I4
                Callvirt getString
                Ldarg_0
                Ldarg_1
                Call free
                Ret
'@
        }
        # Text is itself, bytes are hex digits (33-22-...), a GUID or a number its text; nothing and any other object are empty.
        @{
            Name = 'Scalar'; Attributes = 'Static'; Returns = 'String'; Parameters = @('Object'); Locals = @(); Body = @'
                Ldarg_0
                Isinst String
                Dup
                Brtrue end
                Pop
                Ldarg_0
                Isinst Byte[]
                Dup
                Brtrue hexed
                Pop
                Ldarg_0
                Isinst PSObject
                Dup
                Brtrue unwrapped
                Pop
                Ldarg_0
                Isinst IFormattable
                Dup
                Brtrue formatted
                Pop
                Ldstr nothing
                end:
                Ret
                hexed:
                Call hex
                Ret
                unwrapped:
                Callvirt baseObject
                Call Scalar
                Ret
                formatted:
                Callvirt toString
                Ret
'@
        }
        # A list of one, as AD attributes come, is its element.
        @{
            Name = 'Text'; Attributes = 'Static'; Returns = 'String'; Parameters = @('Object'); Locals = @(); Body = @'
                Ldarg_0
                Isinst Byte[]
                Brtrue one
                Ldarg_0
                Isinst IList
                Brfalse one
                Ldarg_0
                Castclass ICollection
                Callvirt count
                Ldc_I4_1
                Bne_Un one
                Ldarg_0
                Castclass IList
                Ldc_I4_0
                Callvirt item
                Call Scalar
                Ret
                one:
                Ldarg_0
                Call Scalar
                Ret
'@
        }
        # The field of that number of the answer.
        @{
            Name = 'Field'; Attributes = 'Instance'; Returns = 'String'; Parameters = @('Int32'); Locals = @(); Body = @'
                Ldarg_0
                Ldfld answer
                Ldstr separator
                Callvirt toCharArray
                Callvirt split
                Ldarg_1
                Ldelem_Ref
                Ret
'@
        }
        @{
            Name = 'From'; Attributes = 'Static'; Returns = 'Object'; Parameters = @('String'); Locals = @(); Body = @'
                Newobj constructor
                Dup
                Ldarg_0
                Stfld answer
                Ret
'@
        }
        # One for each property.
        @{
            Name = 'get_{0}'; Attributes = 'Instance'; Returns = 'String'; Parameters = @(); Locals = @(); Body = @'
                Ldarg_0
                Ldc_I4_{0}
                Call Field
                Ret
'@
        }
        # An answer ends with its Notes: nothing after the last separator is nothing to say. {0}: the code that joins the fields that go in.
        @{
            Name = 'Derive'; Attributes = 'Static'; Returns = 'Object'; Parameters = @('Inputs')
            Locals = @('pointer', 'IntPtr', 'length', 'UIntPtr', 'status', 'Int32', 'result', 'String'); Body = @'
                Call utf8
                {0}
                Callvirt getBytes
                Dup
                Ldlen
                Conv_U
                Ldloca_S pointer
                Conv_U
                Ldloca_S length
                Conv_U
                Call derivation
                Stloc status
                Ldloc pointer
                Ldloc length
                Call Take
                Stloc result
                Ldloc status
                Brtrue trouble
                Ldloc result
                Ldstr separator
                Ldc_I4_4
                Callvirt endsWith
                Brfalse trouble
                Ldloc result
                Call From
                Ret
                trouble:
                Ldloc status
                Box Int32
                Ldstr separator
                Ldloc result
                Call concatObjects
                Ret
'@
        }
    )

    # What tab completion offers; the engine is the judge of what it takes.
    Completion = @{
        Kind           = @(
            'acceptedDomains', 'adUsers', 'calendarPermissions', 'configuration', 'exchangeUsers', 'flows', 'groups', 'guests', 'licences', 'mailboxes',
            'mailboxStatistics', 'mailContacts', 'mailUsers', 'members', 'orgContacts', 'permissions', 'policy', 'recipientPermissions',
            'regionalConfigurations', 'unifiedGroupLinks', 'users'
        )
        Item           = @('MC-01')
        Stage          = @('prepare', 'preStage', 'cutover', 'settle')
        Surface        = @('exchange', 'graph', 'teams', 'sharePoint', 'activeDirectory', 'manual')
        JournalOutcome = @('Done', 'AlreadyDone', 'Pending', 'Skipped', 'Failed', 'Undone', 'Open')
    }
}
